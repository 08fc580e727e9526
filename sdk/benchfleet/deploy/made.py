"""What the stacks have made, as the functions' variables and as places for machines. The names of outputs are only here."""

from collections.abc import Mapping

from benchfleet_contract.places import Place

VARIABLES = {  # output of the stack → variable of the functions
    "TableName": "BENCHFLEET_TABLE",
    "BucketName": "BENCHFLEET_BUCKET",
    "FinalizeQueueName": "BENCHFLEET_FINALIZE_QUEUE",
    "ProvisionQueueName": "BENCHFLEET_PROVISION_QUEUE",
    "StreamArn": "BENCHFLEET_STREAM_ARN",
    "SchedulerRoleArn": "BENCHFLEET_SCHEDULER_ROLE_ARN",
    "ScheduleGroupName": "BENCHFLEET_SCHEDULE_GROUP",
}
FOR_NETWORKS = ("ExecutionRoleArn", "InstanceProfileArn", "RunnerImage", "RunnerKeyParameterArn", "TaskRoleArn")
_QUEUE = "QueueName"  # how outputs with the name of a queue end

Outputs = Mapping[str, str]


def environment(outputs: Outputs) -> dict[str, str]:
    return {variable: outputs[name] for name, variable in VARIABLES.items() if name in outputs}


def event_sources(outputs: Outputs, *, partition: str, region: str, account: str) -> frozenset[str]:
    """The ARNs that functions are subscribed to: the stream and the queues."""
    queues = [f"arn:{partition}:sqs:{region}:{account}:{name}" for key, name in outputs.items() if key.endswith(_QUEUE)]
    return frozenset([outputs["StreamArn"], *queues])


def place(outputs: Outputs) -> Place:
    """Where machines of one region go. The runner key is named by its ARN: other regions read it where it is."""
    return Place(
        subnets=outputs["Subnets"].split(","),
        security_group=outputs["SecurityGroup"],
        instance_profile_arn=outputs["InstanceProfileArn"],
        cluster=outputs["ClusterArn"],
        task_definitions={"x86_64": outputs["TaskDefinitionAmd64"], "arm64": outputs["TaskDefinitionArm64"]},
        image=outputs["RunnerImage"],
        runner_key_parameter=outputs["RunnerKeyParameterArn"],
        log_group=outputs["RunnerLogGroup"],
    )
