/**
 * Ends the program with a sentence on a Node that the services do not run on. Imported first and importing nothing,
 * so that it speaks before anything else can fail.
 */
const NEEDED = 24;

if (Number.parseInt(process.versions.node, 10) < NEEDED) {
  process.stderr.write(
    `Contact Expunge needs Node ${NEEDED} or newer, and this is ${process.version}. The npm scripts bring it along: npm start, npm run demo.\n`,
  );
  process.exit(1);
}
