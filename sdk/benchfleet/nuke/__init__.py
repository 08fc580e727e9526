"""Takes a stage out of an AWS account: finds what carries its tag, deletes it in order, and looks for what is left."""
