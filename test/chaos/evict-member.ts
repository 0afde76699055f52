import { connect } from 'node:net';
import { Kafka, logLevel } from 'kafkajs';

/** Kafka protocol: LeaveGroup, which kafkajs keeps to itself. */
const LEAVE_GROUP = { key: 13, version: 0 };

/**
 * Tells the broker that the members of a group are gone, as they would have told it themselves. A member that was killed is
 * otherwise missed only after its session of ten seconds, and its successor waits as long for the partitions.
 */
export async function evictMembers(brokers: readonly string[], groupId: string): Promise<void> {
  const admin = new Kafka({ clientId: 'test', brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const { groups } = await admin.describeGroups([groupId]);
    const members = groups.flatMap((group) => group.members.map(({ memberId }) => memberId));
    for (const memberId of members) await leaveGroup(brokers[0]!, groupId, memberId);
  } finally {
    await admin.disconnect();
  }
}

function leaveGroup(broker: string, groupId: string, memberId: string): Promise<void> {
  const [host, port] = broker.split(':');
  const header = Buffer.alloc(8);
  header.writeInt16BE(LEAVE_GROUP.key, 0);
  header.writeInt16BE(LEAVE_GROUP.version, 2);
  const body = Buffer.concat([header, text('test'), text(groupId), text(memberId)]);
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host, () => socket.write(Buffer.concat([size, body])));
    socket.once('data', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the broker did not answer LeaveGroup')));
  });
}

function text(value: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeInt16BE(Buffer.byteLength(value));
  return Buffer.concat([length, Buffer.from(value)]);
}
