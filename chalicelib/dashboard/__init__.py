"""The page for people at `GET /`: a shell without data, and the scripts that fill it from the JSON API."""
