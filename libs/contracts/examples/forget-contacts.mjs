// Forgets contacts that are gone for good. Needs kafkajs; run it with: node forget-contacts.mjs
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import kafkajs from 'kafkajs';

const TOPIC = 'contact.expunged';
const brokers = (process.env.KAFKA_BROKERS ?? '127.0.0.1:19092').split(',');
const groupId = process.env.KAFKA_GROUP ?? 'newsletter.contact-expunged';
const storeFile = process.env.STORE_FILE ?? 'contacts.txt';

// Your part: in one transaction of your database. It must be durable when this returns, deleting twice must do no harm,
// and whoever writes contacts must look at what is gone first: a late message or import could bring one back.
// Here a line of the file is a contact and begins with its id.
function forget(contactIds) {
  const gone = new Set([...linesOf(`${storeFile}.gone`), ...contactIds]);
  replace(`${storeFile}.gone`, [...gone]);
  const contacts = linesOf(storeFile).filter((line) => !gone.has(line.split(' ')[0]));
  replace(storeFile, contacts);
}

function linesOf(file) {
  return readFileSync(file, 'utf8').split('\n').filter(Boolean);
}

function replace(file, lines) {
  writeFileSync(`${file}.new`, lines.map((line) => `${line}\n`).join(''), { flush: true });
  renameSync(`${file}.new`, file);
}

const kafka = new kafkajs.Kafka({ clientId: 'newsletter', brokers, logLevel: kafkajs.logLevel.ERROR });
// A group that is new begins at the beginning, because of fromBeginning; later it goes on where it has committed.
const consumer = kafka.consumer({ groupId });
const admin = kafka.admin();

async function handle({ batch }) {
  const { topic, partition } = batch;
  const known = batch.messages.filter(({ headers }) => String(headers.ce_type) === 'ContactExpunged.v1');
  forget(known.map(({ key }) => String(key)));
  // Only now: whatever happens before this line, the same messages come again.
  await consumer.commitOffsets([{ topic, partition, offset: String(BigInt(batch.lastOffset()) + 1n) }]);
}

// Ends the program, leaving the group first so that nobody waits for it. Whoever runs it starts it again, and it goes on
// behind the last commit. kafkajs itself gives up for good on some errors without ending the process.
function giveUp(error) {
  console.error(error instanceof Error ? error.message : error);
  void leaveAndEnd(1);
}

async function leaveAndEnd(code) {
  await consumer.disconnect().catch(() => undefined);
  process.exit(code);
}

// Resolves once all that was expunged before this program started is forgotten here.
async function caughtUp() {
  const ends = await admin.fetchTopicOffsets(TOPIC);
  for (;;) {
    const [read] = await admin.fetchOffsets({ groupId, topics: [TOPIC] });
    const committed = new Map(read.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    // A partition nothing was ever written to is never committed: -1.
    if (ends.every(({ partition, low, high }) => low === high || committed.get(partition) >= Number(high))) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void leaveAndEnd(0));
consumer.on(consumer.events.CRASH, ({ payload }) => giveUp(payload.error));
try {
  await admin.connect();
  await consumer.connect();
  await consumer.subscribe({ topics: [TOPIC], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: (payload) => handle(payload).catch(giveUp),
  });
  await caughtUp();
  await admin.disconnect();
  console.log('caught up');
} catch (error) {
  giveUp(error);
}
