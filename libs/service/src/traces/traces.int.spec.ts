import { Controller, Get } from '@nestjs/common';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type OtlpReceiver, startOtlpReceiver } from '../../../../test/support/otlp-receiver.js';
import { testModule } from '../../test/test-service.js';
import { type RunningApp, startApp } from '../start-app.js';

@Controller('v1/things')
class Things {
  @Get()
  read(): object {
    return {};
  }
}
const routes = { 'GET /v1/things': 'public' } as const;

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const given = (flags: '00' | '01'): string => `00-${TRACE}-00f067aa0ba902b7-${flags}`;

let receiver: OtlpReceiver;
let service: RunningApp | undefined;
beforeEach(async () => {
  receiver = await startOtlpReceiver();
});
afterEach(async () => {
  await service?.stop();
  service = undefined;
  await receiver.stop();
});

async function start(env: Record<string, string>): Promise<(path: string, traceparent?: string) => Promise<string>> {
  service = await startApp(testModule(env, [Things], { routes }));
  const { url } = service;
  return async (path, traceparent) => {
    const response = await fetch(`${url}${path}`, { headers: traceparent === undefined ? {} : { traceparent } });
    await response.arrayBuffer();
    return response.headers.get('traceparent')!;
  };
}

/** Everything is sent when the service stops. */
async function spansAtTheEnd() {
  await service!.stop();
  service = undefined;
  return receiver.spans;
}

test('When a caller brings a trace, then the span is a part of it; not when that trace is not recorded', async () => {
  const ask = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint });
  const answered = await ask('/v1/things', given('01'));
  expect(await ask('/v1/things', given('00'))).toBe(given('00'));
  const spans = await spansAtTheEnd();
  expect(spans).toMatchObject([{ name: 'GET /v1/things', traceId: TRACE, parentSpanId: '00f067aa0ba902b7' }]);
  expect(answered).toBe(`00-${TRACE}-${spans[0]!.spanId}-01`);
});

test('When more requests come than may be traced, then the others say that they are not', async () => {
  const ask = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, TRACES_PER_SECOND: '2' });
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask('/v1/things', given('01'))));
  const recorded = answers.filter((traceparent) => traceparent.endsWith('-01')).length;
  expect(recorded).toBeGreaterThanOrEqual(2);
  expect(recorded).toBeLessThan(20);
  expect(await spansAtTheEnd()).toHaveLength(recorded);
});

test('When a probe asks, then that is no trace', async () => {
  const ask = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint });
  await ask('/health/live');
  expect(await spansAtTheEnd()).toEqual([]);
});

test('When nobody is told where to send traces, then none are made, and the trace of a caller is handed on as it is', async () => {
  const ask = await start({});
  expect(await ask('/v1/things', given('01'))).toBe(given('01'));
  expect(await spansAtTheEnd()).toEqual([]);
});

test('When nobody takes the spans, then requests are answered, and the stop does not wait for long', async () => {
  const ask = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
  expect(await ask('/v1/things')).toMatch(/-01$/);
  const begun = performance.now();
  await spansAtTheEnd();
  expect(performance.now() - begun).toBeLessThan(8_000);
});
