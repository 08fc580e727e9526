"""REST APIs as they were deployed: from a request to a proxy event, and back."""
