"""What a state file keeps of processes on this machine, so that a later command finds them again."""

from typing import Annotated

from pydantic import BaseModel, Field

PathText = Annotated[str, Field(pattern=r"^[^\x00]*$")]  # no system takes a NUL in a path
Pid = Annotated[int, Field(gt=0, lt=2**31)]
Port = Annotated[int, Field(ge=0, lt=2**16)]


class ProcessState(BaseModel):
    """`started` tells the process from a later one with the same pid."""

    pid: Pid
    started: str
    log: PathText


class RunnerState(ProcessState):
    instance_type: str
    isolation: str


class ProviderState(BaseModel):
    runners: list[RunnerState] = []


class EmulatorState(BaseModel):
    """Its keys are in its ready file, which only its owner can read."""

    folder: PathText
    ready_file: PathText
    process: ProcessState
    api_port: Port
    aws_port: Port
