/** What a service says to Prometheus. */
export interface Scraped {
  readonly text: string;
  /** The value of the one series with this name and at least these labels; undefined when it is left out. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
}

/** Asks a service for its metrics, as Prometheus does. */
export async function scrape(port: number | undefined): Promise<Scraped> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(5_000) });
  if (response.status !== 200) throw new Error(`/metrics answers ${response.status}`);
  const text = await response.text();
  return { text, value: (name, labels = {}) => valueIn(text, name, labels) };
}

function valueIn(text: string, name: string, labels: Readonly<Record<string, string>>): number | undefined {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const found = text.split('\n').filter((line) => {
    const [, metric, given = ''] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? [];
    return metric === name && wanted.every((label) => given.includes(label));
  });
  if (found.length > 1) throw new Error(`${name} is not one series: ${found.join(', ')}`);
  return found[0] === undefined ? undefined : Number(found[0].split(' ').at(-1));
}
