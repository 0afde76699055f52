import { connect } from 'node:net';

const METADATA = 3;
const VERSION = 1;
const CORRELATION = 1;
const TIMEOUT_MS = 2_000;

/**
 * True when the broker at this address answers a metadata request with at least one broker, which means
 * that it is registered with its controller and takes work. Open alone is not enough: the port opens earlier.
 * Spoken by hand (Kafka protocol, Metadata v1) because a client library connects, retries and logs too much for a look.
 */
export function answersMetadata(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    let answer = Buffer.alloc(0);
    const finish = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(TIMEOUT_MS, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
    socket.once('connect', () => socket.write(metadataRequest()));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      // Size, correlation id, number of brokers: four bytes each.
      if (answer.length >= 12) finish(answer.readInt32BE(4) === CORRELATION && answer.readInt32BE(8) > 0);
    });
  });
}

function metadataRequest(): Buffer {
  const client = Buffer.from('local-launcher');
  const request = Buffer.alloc(4 + 10 + client.length + 4);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(METADATA, 4);
  request.writeInt16BE(VERSION, 6);
  request.writeInt32BE(CORRELATION, 8);
  request.writeInt16BE(client.length, 12);
  client.copy(request, 14);
  // The list of topics stays empty: only the brokers are asked for.
  return request;
}
