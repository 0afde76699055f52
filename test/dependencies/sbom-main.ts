import { writeFile } from 'node:fs/promises';
import { makeSbom } from './sbom.js';

const sbom = await makeSbom();
const { name, version } = sbom.metadata.component;
const file = `${name}-${version}.cdx.json`;
await writeFile(file, `${JSON.stringify(sbom, null, 2)}\n`);
process.stdout.write(`${file}: ${sbom.components.length} packages\n`);
