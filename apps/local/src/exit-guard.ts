const children = new Set<number>();
let installed = false;

/**
 * Makes sure that a child in its own process group does not outlive this process when it exits
 * without stopping the child (a test run that is broken off). Returns the function that lets go.
 * SIGKILL of this process cannot be seen; the next start clears up after that.
 */
export function killAtExit(pid: number): () => void {
  install();
  children.add(pid);
  return () => children.delete(pid);
}

function install(): void {
  if (installed) return;
  installed = true;
  process.on('exit', killAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const listener = (): void => {
      // Somebody else handles this signal and will stop the children in order.
      if (process.listenerCount(signal) > 1) return;
      killAll();
      process.off(signal, listener);
      process.kill(process.pid, signal);
    };
    process.on(signal, listener);
  }
}

function killAll(): void {
  for (const pid of children) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Already gone.
    }
  }
}
