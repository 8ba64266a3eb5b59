/**
 * What is kept of a step for the run's record: pictures with the fields that hold secrets covered, the accessibility tree,
 * what the page asked the network for and wrote to its console, and a trace; each always, on failure, or never, as the
 * document says. Taking it never makes a step worse: what cannot be taken is logged and left out.
 *
 * Invariant: while a secret is in play only pictures are taken, with it covered.
 */
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvidenceRules } from '@casare/shared/workflow';
import type { ArtifactAbout, StepContext } from '../../engine/index.ts';
import { count, folderOf, hasRoom, isWanted, mayKeep, noteNotKept } from '../evidence-room.ts';
import { passwordsOfDocument } from './in-page.ts';
import { coversEveryField, maskedScreenshot } from './masked-screenshot.ts';
import type { BrowserSession } from './session.ts';
import { untilAborted } from '../within.ts';

const SNAPSHOT_LENGTH = 1_000_000;
/** The engine leaves a step behind 5 s after its deadline; all together stay below that. */
const TRACE_MS = 2_300;
const REST_MS = 1_800;
const BEFORE_MS = 5_000;

/** One kind of evidence of one step: its file's name, and who makes it; null for nothing to keep. */
interface Piece {
  readonly name: string;
  readonly kind: ArtifactAbout['kind'];
  readonly mediaType: string;
  /** Writes the file; false when there is nothing to keep. */
  readonly make: (path: string) => Promise<boolean>;
}

/** Before a step acts: a picture, where every step is to have one. */
export async function evidenceBefore(context: StepContext, session: BrowserSession, until: AbortSignal): Promise<void> {
  if (!isWanted(context, 'screenshots', false) || !hasRoom(context)) return;
  if (session.page.url() === 'about:blank') return;
  await keepAll(context, session, [picture(context, session, 'before.png')], () => bound(until, BEFORE_MS));
}

/** When a step has ended; what is not taken by `until` is left out. A failure has the engine's time of grace besides. */
export async function evidenceAfter(
  context: StepContext,
  session: BrowserSession,
  { failed, until }: { readonly failed: boolean; readonly until?: () => AbortSignal },
): Promise<void> {
  for (const notice of session.takeNotices()) await context.log('warn', notice);
  if (failed) for (const incident of session.takeIncidents()) await context.log('warn', incident);
  const lastStep = session.takeLog();
  for (const kind of ['network', 'console'] as const) {
    if (context.evidence[kind] === 'never') session.log.forget(kind, lastStep);
  }
  const wants = (kind: keyof EvidenceRules): boolean => isWanted(context, kind, failed);
  if (!(await mayKeep(context, failed))) return;
  const quiet = context.usesSecret || session.taint.is;
  // The trace first: covering secrets for a picture names them to Playwright, which would record that.
  if (!quiet && wants('trace')) await keepAll(context, session, [trace(session)], () => bound(until?.(), TRACE_MS));
  const pieces: Piece[] = [];
  if (!quiet) {
    // A failure often has its cause in an earlier step: it gets all that is remembered.
    const since = failed ? 0 : lastStep;
    if (wants('network')) pieces.push(text('network', session.log.networkSince(since)));
    if (wants('console')) pieces.push(text('console', session.log.consoleSince(since)));
    if (wants('accessibility')) pieces.push(snapshot(session));
  }
  if (wants('screenshots')) pieces.push(picture(context, session, 'after.png'));
  await keepAll(context, session, pieces, () => bound(until?.(), REST_MS));
}

async function keepAll(
  context: StepContext,
  session: BrowserSession,
  pieces: readonly Piece[],
  bounded: () => AbortSignal,
): Promise<void> {
  if (pieces.length === 0) return;
  const signal = bounded();
  const step = folderOf(context.position);
  const folder = join(context.runFolder, 'evidence', step);
  const taken = async (piece: Piece): Promise<void> => {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await untilAborted(signal, keep(context, piece, folder, step));
    } catch (error) {
      const why = session.memory.scrub(error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!;
      await noteNotKept(context, piece.name, why);
    }
  };
  await Promise.all(pieces.map(taken));
}

function bound(until: AbortSignal | undefined, ms: number): AbortSignal {
  return AbortSignal.any([...(until === undefined ? [] : [until]), AbortSignal.timeout(ms)]);
}

async function keep(context: StepContext, piece: Piece, folder: string, step: string): Promise<void> {
  const path = join(folder, piece.name);
  if (!(await piece.make(path))) return;
  count(context, (await stat(path)).size);
  await context.artifact(path, {
    name: `steps/${step}/${piece.name}`,
    kind: piece.kind,
    mediaType: piece.mediaType,
    ...(piece.kind === 'screenshot' && coversEveryField(context) ? { masked: true } : {}),
  });
}

function picture(context: StepContext, session: BrowserSession, name: string): Piece {
  const make = async (path: string): Promise<boolean> => {
    if (session.page.isClosed()) return false;
    await maskedScreenshot(context, session, { path });
    return true;
  };
  return { name, kind: 'screenshot', mediaType: 'image/png', make };
}

function trace(session: BrowserSession): Piece {
  return {
    name: 'trace.zip',
    kind: 'trace',
    mediaType: 'application/zip',
    make: (path) => session.trace.save(path),
  };
}

function text(kind: 'network' | 'console', lines: string): Piece {
  const make = async (path: string): Promise<boolean> => {
    if (lines === '') return false;
    await writeFile(path, lines, { mode: 0o600 });
    return true;
  };
  return { name: `${kind}.jsonl`, kind, mediaType: 'application/jsonl', make };
}

function snapshot(session: BrowserSession): Piece {
  const make = async (path: string): Promise<boolean> => {
    if (session.page.isClosed()) return false;
    await writeFile(path, await accessibilityText(session), { mode: 0o600 });
    return true;
  };
  return { name: 'snapshot.txt', kind: 'snapshot', mediaType: 'text/plain', make };
}

/** The tree of the page and its frames, without what passwords were typed and what is known to be secret. */
async function accessibilityText(session: BrowserSession): Promise<string> {
  const { page } = session;
  const passwords = (await Promise.all(page.frames().map((frame) => frame.evaluate(passwordsOfDocument)))).flat();
  const tree = await page.ariaSnapshot({ mode: 'ai', timeout: REST_MS });
  const clean = passwords.reduce((said, password) => said.replaceAll(password, '***'), session.memory.scrub(tree));
  // References only mean something to Playwright.
  return `${page.url()}\n${clean.replaceAll(/ \[(ref=\w+|active|cursor=pointer)\]/g, '').slice(0, SNAPSHOT_LENGTH)}\n`;
}
