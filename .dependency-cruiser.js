/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-app-to-app',
      comment: 'Services know each other by messages only. Only apps/local, which starts them, stands beside them.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(dist/)?apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'no-lib-to-app',
      severity: 'error',
      from: { path: '^libs/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(dist/)?(apps|test)/' },
    },
    {
      name: 'contracts-stand-alone',
      comment: 'What services say depends on nothing of how they say it.',
      severity: 'error',
      from: { path: '^libs/contracts/src/', pathNot: '\\.spec\\.ts$' },
      to: {
        pathNot:
          '^(dist/)?libs/contracts/|^node_modules/(class-(validator|transformer)|reflect-metadata)|class-validator-jsonschema|^(node:)?fs$',
      },
    },
    {
      name: 'libs-in-one-direction',
      comment: 'contracts <- messaging <- erasure, service',
      severity: 'error',
      from: { path: '^libs/messaging/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(dist/)?libs/(erasure|service)/' },
    },
    {
      name: 'processes-are-pure',
      comment: 'A process decides from data alone.',
      severity: 'error',
      from: { path: '\\.(process|decision)\\.ts$' },
      to: { pathNot: '^(dist/)?libs/contracts/|\\.(process|decision)\\.ts$' },
    },
    {
      name: 'kafka-in-one-place',
      comment: 'The guards against the traps of kafkajs live in libs/messaging.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '^libs/messaging/|^libs/contracts/examples/|^apps/local/|\\.spec\\.ts$' },
      to: { path: 'node_modules/kafkajs' },
    },
    {
      name: 'images-have-what-services-use',
      comment: 'Images are installed without what only development needs.',
      severity: 'error',
      from: { path: '^(apps/[^/]+-service|libs/[^/]+)/src/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules|^dist' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs'],
    },
  },
};
