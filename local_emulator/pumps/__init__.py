"""What AWS does by itself and moto does not: fire schedules, deliver queue messages and stream records."""
