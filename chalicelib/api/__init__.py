"""Blueprints of thin views: parse, one call, a status."""
