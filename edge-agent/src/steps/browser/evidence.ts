/**
 * What is kept of a failed step: a screenshot with the fields that hold secrets covered, and the trace of the steps
 * before. Taking it never makes a failure worse: what cannot be taken is logged and left out.
 */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { StepContext } from '../../engine/index.ts';
import type { SecretMemory } from './memory.ts';
import type { BrowserSession } from './session.ts';
import { within } from './within.ts';

/** A run that retries a failing step for hours keeps the evidence of the first failures. */
const MAX_FAILURES_PER_RUN = 20;
/** The engine leaves a step behind 5 s after its deadline; both together stay below that. */
const TRACE_MS = 2_500;
const SCREENSHOT_MS = 2_000;

const taken = new WeakMap<Map<string, unknown>, number>();

/** Stores evidence of a failure as artifacts named after the step's position. */
export async function captureEvidence(context: StepContext, session: BrowserSession): Promise<void> {
  for (const incident of session.takeIncidents()) await context.log('warn', incident);
  const count = (taken.get(context.session) ?? 0) + 1;
  taken.set(context.session, count);
  if (count > MAX_FAILURES_PER_RUN) return;
  const name = nameOf(context.position);
  const folder = join(context.runFolder, 'evidence');
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // The trace first: covering secrets for the screenshot names them to Playwright, which would record that.
    await within(TRACE_MS, storeTrace(context, session, join(folder, `${name}.zip`), `failures/${name}.trace.zip`));
    await within(SCREENSHOT_MS, storeScreenshot(context, session, join(folder, `${name}.png`), `failures/${name}.png`));
  } catch (error) {
    const why = session.memory.scrub(error instanceof Error ? error.message : String(error)).split('\n', 1)[0];
    await context.log('warn', `not all evidence of the failed step could be kept: ${why}`);
  }
}

/** Writes a PNG of the page with secrets covered. */
export async function maskedScreenshot(
  page: Page,
  memory: SecretMemory,
  options: { path: string; fullPage?: boolean },
): Promise<void> {
  await page.screenshot({
    ...options,
    animations: 'disabled',
    mask: memory.masks(page),
    timeout: 0,
  });
}

async function storeScreenshot(
  context: StepContext,
  session: BrowserSession,
  path: string,
  name: string,
): Promise<void> {
  if (session.page.isClosed()) return;
  await maskedScreenshot(session.page, session.memory, { path });
  await context.artifact(path, { name, kind: 'screenshot', mediaType: 'image/png' });
}

async function storeTrace(context: StepContext, session: BrowserSession, path: string, name: string): Promise<void> {
  if (await session.trace.save(path)) {
    await context.artifact(path, { name, kind: 'trace', mediaType: 'application/zip' });
  }
}

/** Readable, fit for every file system, and different for different positions. */
function nameOf(position: string): string {
  const readable = position
    .replaceAll(/[^\w.-]+/g, '-')
    .replaceAll(/^[.-]+|[.-]+$/g, '')
    .slice(-80);
  return `${readable}-${createHash('sha256').update(position).digest('hex').slice(0, 8)}`;
}
