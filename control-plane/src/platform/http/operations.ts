/** What operators' programs ask: is it alive, is it ready, its metrics; and what the API and workflows are like. No sign-in needed. */
import { workflowJsonSchema } from '@casare/shared/workflow';
import { Router } from 'express';
import { setTimeout as sleep } from 'node:timers/promises';
import { lineOf } from '../errors.ts';
import type { Metrics } from '../metrics.ts';
import { openApiDocument } from './openapi.ts';

/** One thing that must work for requests to be served; `check` throws when it does not. */
export interface ReadyCheck {
  readonly name: string;
  check(): Promise<unknown>;
}

const CHECK_MS = 2_000;
/** Descriptions that programs read: of the API, and of workflow documents (for editors). */
const DESCRIPTIONS: readonly (readonly [path: string, describe: () => object])[] = [
  ['/api/openapi.json', openApiDocument],
  ['/api/workflow.schema.json', workflowJsonSchema],
];

export function operationRoutes(options: {
  readonly metrics: Metrics;
  readonly checks: readonly ReadyCheck[];
}): Router {
  const routes = Router();
  routes.get('/healthz', (_, response) => {
    response.json({ status: 'ok' });
  });
  routes.get('/readyz', async (_, response) => {
    const checks = await Promise.all(options.checks.map(run));
    const ready = checks.every(({ ok }) => ok);
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready', checks });
  });
  routes.get('/metrics', async (_, response) => {
    response.set('Content-Type', options.metrics.registry.contentType).send(await options.metrics.registry.metrics());
  });
  for (const [path, describe] of DESCRIPTIONS) {
    let text: string | undefined;
    routes.get(path, (_, response) => {
      text ??= JSON.stringify(describe());
      response.type('application/json').send(text);
    });
  }
  return routes;
}

async function run(ready: ReadyCheck): Promise<{ name: string; ok: boolean; why?: string }> {
  const { name } = ready;
  const stop = new AbortController();
  try {
    const late = sleep(CHECK_MS, undefined, { signal: stop.signal }).then(() => {
      throw new Error(`no answer within ${CHECK_MS} ms`);
    });
    await Promise.race([ready.check(), late]);
    return { name, ok: true };
  } catch (error) {
    return { name, ok: false, why: lineOf(error) };
  } finally {
    stop.abort();
  }
}
