export { BackOff } from './back-off.js';
export { createTopics, type CreateTopicsOptions } from './create-topics.js';
export { DEAD_LETTER_RETENTION_DAYS, type DeadLetter, DeadLetters } from './dead-letters.js';
export { FAIL_POINTS, type FailPoint, failPoint } from './fail-point.js';
export { Housekeeping } from './housekeeping.js';
export { KafkaBatchServer } from './kafka-batch-server.js';
export { kafkaClient, type KafkaConnection } from './kafka-client.js';
export { MeasureDeadLetters } from './measure-dead-letters.js';
export { MeasureOutbox } from './measure-outbox.js';
export { MessagingModule } from './messaging.module.js';
export { MESSAGING_CONNECTIONS, MESSAGING_DATABASE } from './options.js';
export { Outbox } from './outbox.js';
export { Relay, RELAY_LOCK } from './relay.js';
export { type SafeError, safeError, SafeMessageError } from './safe-error.js';
export { type BatchHandler, handlersOf, on, type Received, type Subscription } from './subscription.js';
export {
  beginSpan,
  beginTrace,
  partOrFollower,
  recordSpans,
  type Span,
  type SpanParts,
  type SpanRecorder,
  unrecorded,
} from './spans.js';
export { isSurroundingsError } from './surroundings-error.js';
export { createMessagingTables, HeadersAsWritten1790000000000, keepOutOfStatistics } from './tables.js';
export {
  bindTenant,
  inEveryTenant,
  inTenant,
  isolateTenants,
  joinTenants,
  readRows,
  seeingEveryTenant,
  type TenantQuery,
} from './tenant.js';
export { asTraceparent, currentTrace, recordedTraceOf, runWithBatchTrace, runWithTrace } from './trace.js';
