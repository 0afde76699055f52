import kafkajs from 'kafkajs';
import { brokerProblem } from './broker-problem.js';
import { SafeMessageError, safeError } from './safe-error.js';

// CommonJS: Node finds this name only on the whole module.
const { KafkaJSError } = kafkajs;

export class Crashed extends SafeMessageError {
  constructor(cause: Error) {
    super('The Kafka consumer crashed.', { cause });
  }
}

/** The reason in words without data, for the readiness. */
export function whyNotConsuming(error: unknown): string {
  const problem = brokerProblem(error);
  if (problem !== undefined) return problem;
  if (error instanceof Crashed || error instanceof KafkaJSError) return 'the broker is away';
  const safe = safeError(error);
  return safe.message ?? `cannot read what was expunged (${safe.code ?? safe.name})`;
}
