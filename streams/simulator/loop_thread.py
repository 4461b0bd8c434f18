"""An asyncio loop in a thread of its own, and the way into it."""

import asyncio
import threading
from collections.abc import Callable


class LoopThread:
    """Runs from when it is made until ``stop``."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def call(self, act: Callable[[], None]) -> None:
        """Run it there and wait until it is done; raises what it raises. Not to be called from the thread itself."""

        async def run() -> None:
            act()
            await asyncio.sleep(0)  # tasks that it made, such as opening a port, take their first step

        asyncio.run_coroutine_threadsafe(run(), self.loop).result()

    def stop(self) -> None:
        """Tasks that still run are cancelled; what was closed gets to end."""
        asyncio.run_coroutine_threadsafe(self._settle(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    async def _settle(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # transports close in the turn after they are told to
