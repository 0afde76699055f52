import type { Socket } from 'node:net';
import Connection from 'kafkajs/src/network/connection.js';
import { isError } from './safe-error.js';

/**
 * kafkajs 2.2.4 goes on using a connection on which a request was not answered in time, and waits as long for each further
 * one: behind a firewall or proxy that has forgotten the connection a consumer needs more than a minute to come to life again.
 * The first unanswered request ends the connection, so that the next one goes over a new one.
 */
export function giveUpSilentBroker(): void {
  const prototype = Connection.prototype as GivenUp;
  if (prototype.givesUpSilence) return;
  const { send } = prototype;
  prototype.send = async function (this: GivenUp, ...request: unknown[]): Promise<unknown> {
    try {
      return await send.apply(this, request);
    } catch (error) {
      if (isError(error) && error.name === 'KafkaJSRequestTimeoutError') await end(this.socket);
      throw error;
    }
  };
  prototype.givesUpSilence = true;
}

/** Returns when kafkajs knows it too. */
async function end(socket: Socket | undefined): Promise<void> {
  if (!socket || socket.destroyed) return;
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    socket.destroy(new Error('silent'));
  });
}

interface GivenUp {
  givesUpSilence?: boolean;
  readonly socket?: Socket;
  send(this: GivenUp, ...request: unknown[]): Promise<unknown>;
}
