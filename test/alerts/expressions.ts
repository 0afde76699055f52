import { parser } from '@prometheus-io/lezer-promql';
import { EVERYWHERE, KNOWN_METRICS, OF_PROMETHEUS } from './known-metrics.js';

/** One time an expression looks at a metric. */
interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
  readonly text: string;
}

interface Expression {
  readonly selectors: readonly Selector[];
  /** Labels that results are put together by. */
  readonly grouping: readonly string[];
  readonly broken: boolean;
}

type Metrics = Readonly<Record<string, readonly string[]>>;

/**
 * What is wrong with a PromQL expression: it cannot be parsed, looks at a metric or label that is not known, or at metrics of other
 * programs that have the same names. `recorded` are the metrics that rules make, with their labels.
 */
export function expressionProblems(text: string, recorded: Metrics = {}): string[] {
  const { selectors, grouping, broken } = read(text);
  if (broken) return [`cannot be parsed: ${text}`];
  const known: Metrics = { ...KNOWN_METRICS, ...OF_PROMETHEUS, ...recorded };
  const labels = new Set([...EVERYWHERE, ...selectors.flatMap(({ metric }) => known[metric] ?? [])]);
  return [
    ...selectors.flatMap((selector) => selectorProblems(selector, known, recorded)),
    ...grouping
      .filter((label) => !labels.has(label))
      .map((label) => `groups by ${label}, which none of its metrics has`),
  ];
}

function selectorProblems({ metric, labels, text }: Selector, known: Metrics, recorded: Metrics): string[] {
  const own = known[metric];
  if (!own) return [`nobody publishes ${metric || text}`];
  const ours = metric in recorded || /\{[^}]*(job|app)="contact-expunge"/.test(text);
  return [
    ...labels
      .filter((label) => ![...own, ...EVERYWHERE].includes(label))
      .map((label) => `${metric} has no label ${label}`),
    ...(ours ? [] : [`${metric} may be another program's: say job="contact-expunge"`]),
  ];
}

function read(text: string): Expression {
  const selectors: { metric: string; labels: string[]; text: string }[] = [];
  const grouping: string[] = [];
  let broken = false;
  let inGrouping = false;
  parser.parse(text).iterate({
    enter({ name, type, from, to }) {
      broken ||= type.isError;
      if (name === 'VectorSelector') selectors.push({ metric: '', labels: [], text: text.slice(from, to) });
      if (name === 'GroupingLabels') inGrouping = true;
      if (name === 'Identifier') selectors.at(-1)!.metric = text.slice(from, to);
      if (name === 'LabelName') (inGrouping ? grouping : selectors.at(-1)!.labels).push(text.slice(from, to));
    },
    leave({ name }) {
      if (name === 'GroupingLabels') inGrouping = false;
    },
  });
  return { selectors, grouping, broken: broken || text.trim() === '' };
}
