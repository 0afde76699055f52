/** npm passes Ctrl-C on to a program that the terminal has already told; both count as one. */
const SAME_KEYSTROKE_MS = 500;

/** The reason of the signal that `stopOnSignals` returns. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** A signal that is aborted by the first Ctrl-C or SIGTERM; a second one calls `force`, which does not return. */
export function stopOnSignals(force: () => never): AbortSignal {
  const stopping = new AbortController();
  let first = 0;
  const onSignal = (): void => {
    if (!stopping.signal.aborted) {
      first = performance.now();
      stopping.abort(new Stopped());
    } else if (performance.now() - first > SAME_KEYSTROKE_MS) {
      force();
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  // A terminal that is closed must not turn the orderly stop into a crash.
  process.stdout.on('error', () => undefined);
  return stopping.signal;
}

/** Resolves when the signal is aborted, and keeps Node running until then. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    // A pending promise alone does not keep Node running.
    const alive = setInterval(() => undefined, 60_000);
    signal.addEventListener('abort', () => {
      clearInterval(alive);
      resolve();
    });
  });
}
