"""CloudFormation: what moto's has not."""
