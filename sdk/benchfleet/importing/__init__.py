"""Results of other tools as a folder of results that `benchfleet report` reads like a run of ours."""
