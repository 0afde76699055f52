import nodeModule from 'node:module';

/** A Node that is too old has neither; it is refused with a clear word later. */
const { getSourceMapsSupport, setSourceMapsSupport }: Partial<typeof nodeModule> = nodeModule;

/**
 * Where `--enable-source-maps` is given, stack frames of our code name lines of TypeScript. Node would keep the maps of all
 * packages too, which is 12 MiB of each process for its whole life; packages are named by the lines they ship.
 * Has to be the first import of a service: CommonJS packages are compiled when they are evaluated, after it. Those of ES modules
 * are compiled before anything is evaluated, and keep theirs; few ship any.
 */
if (getSourceMapsSupport?.().enabled) setSourceMapsSupport?.(true, { nodeModules: false });
