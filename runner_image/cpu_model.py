"""The name of a processor, as /proc/cpuinfo has it."""

import platform

ARM_CORES = {  # (implementer, part): on Arm there is no model name
    ("0x41", "0xd0c"): "Arm Neoverse-N1",
    ("0x41", "0xd40"): "Arm Neoverse-V1",
    ("0x41", "0xd49"): "Arm Neoverse-N2",
    ("0x41", "0xd4f"): "Arm Neoverse-V2",
    ("0x41", "0xd84"): "Arm Neoverse-V3",
    ("0xc0", "0xac3"): "Ampere-1",
    ("0xc0", "0xac4"): "Ampere-1a",
}


def cpu_model(cpuinfo: str) -> str | None:
    """None where neither the text nor the system tells."""
    fields: dict[str, str] = {}
    for line in cpuinfo.splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    if fields.get("model name"):
        return fields["model name"]
    implementer, part = fields.get("CPU implementer"), fields.get("CPU part")
    if implementer and part:
        return ARM_CORES.get((implementer, part), f"Arm implementer {implementer} part {part}")
    return platform.processor() or None
