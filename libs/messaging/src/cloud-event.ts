import type { IHeaders } from 'kafkajs';
import { eventType, type Outgoing } from '#contracts';

/** CloudEvents 1.0 attributes of one message, Kafka binary content mode (CloudEvents Kafka Protocol Binding 1.0.2). */
export interface Envelope {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly source: string;
  readonly time: Date;
  readonly traceparent?: string;
}

const TYPE = /^([A-Za-z]{1,64})\.v([1-9]\d{0,3})$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Headers of an outgoing message; the value beside them is the data as JSON. */
export function toHeaders(
  outgoing: Outgoing,
  about: { id: string; source: string; time: Date; key: string; traceparent: string },
): Record<string, string> {
  return {
    ce_specversion: '1.0',
    ce_id: about.id,
    ce_type: eventType(outgoing.message),
    ce_source: about.source,
    ce_time: about.time.toISOString(),
    ce_partitionkey: about.key,
    'content-type': 'application/json',
    traceparent: about.traceparent,
  };
}

/** Reads the envelope of a record; undefined when the headers are not those of a message of ours. */
export function fromHeaders(headers: IHeaders | undefined): Envelope | undefined {
  const header = (name: string): string | undefined => {
    const value = headers?.[name];
    return Array.isArray(value) ? value[0]?.toString() : value?.toString();
  };
  const id = header('ce_id')?.toLowerCase();
  const type = TYPE.exec(header('ce_type') ?? '');
  const source = header('ce_source');
  const time = new Date(header('ce_time') ?? '');
  if (header('ce_specversion') !== '1.0' || !id || !UUID.test(id) || !type || !source || Number.isNaN(+time))
    return undefined;
  return { id, type: type[1]!, version: Number(type[2]), source, time, traceparent: header('traceparent') };
}
