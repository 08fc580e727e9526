"""What our own images say of themselves."""

RUBY_LABEL = "benchfleet.ruby"  # the version of the ruby in it
