"""Weeks of a campaign, played by Hypothesis on several storages side by side against a simple model.

::

    Lifecycle = lifecycle_machine(lambda clock: {"memory": MemoryStorage(clock), "mine": my_fresh_storage()})
    TestLifecycle = Lifecycle.TestCase

After every rule the answers or refusals of all storages are equal, the model agrees with them, what is stored is equal,
and the audit finds nothing.
"""

from crs_core.testing.lifecycle.machine import Storages, lifecycle_machine

__all__ = ["Storages", "lifecycle_machine"]
