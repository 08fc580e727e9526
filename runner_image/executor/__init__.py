"""The executor agent: announces models and capacity, beats, follows what its backends have, and leaves in order."""
