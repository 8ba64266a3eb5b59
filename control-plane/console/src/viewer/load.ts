/**
 * Where the viewer gets its run from: out of its own page (a record that was unpacked), or from `casare run-view`, which
 * serves this page. Either way it comes from outside and is parsed.
 */
import { PAGE_DATA_ID, RECORD_FILES, RecordedLine, RecordedSteps, RunRecord } from '@casare/shared/record';
import type { LogLine, Step } from '@casare/shared/api';
import type { EvidenceFile } from '../record/evidence.ts';
import type { RunFiles } from '../record/run-files.tsx';

export interface LoadedRun {
  readonly run: RunRecord;
  readonly steps: readonly Step[];
  readonly lines: readonly LogLine[];
  readonly files: RunFiles;
}

const Lines = RecordedLine.array();

/** @throws Error in words a person understands. */
export async function loadRun(): Promise<LoadedRun> {
  const data = document.getElementById(PAGE_DATA_ID)?.textContent ?? '';
  if (data.trim() !== '') return embedded(data);
  if (location.protocol === 'file:') {
    throw new Error('This page holds no run: it is too large for one page. Open its file with `casare run-view`.');
  }
  return served();
}

function embedded(data: string): LoadedRun {
  const { run, steps, lines } = JSON.parse(data) as { run: unknown; steps: unknown; lines: unknown };
  const parsed = RunRecord.parse(run);
  return {
    run: parsed,
    steps: RecordedSteps.parse(steps),
    lines: Lines.parse(lines),
    // Beside the page; a browser lets a page that was opened as a file show pictures, and read nothing.
    files: { href: (file) => addressOf(recordedOf(parsed, file)?.file ?? ''), read: null },
  };
}

async function served(): Promise<LoadedRun> {
  const [run, steps, log] = await Promise.all([
    fetched(RECORD_FILES.run).then(async (response) => RunRecord.parse(await response.json())),
    fetched(RECORD_FILES.steps).then(async (response) => RecordedSteps.parse(await response.json())),
    fetched(RECORD_FILES.log).then((response) => response.text()),
  ]);
  const href = (file: EvidenceFile): string => `artifacts/${run.artifacts.findIndex(({ id }) => id === file.id)}`;
  const lines = log.split('\n').filter(Boolean);
  return {
    ...{ run, steps },
    lines: Lines.parse(lines.map((line): unknown => JSON.parse(line))),
    files: { href, read: async (file, signal) => (await fetched(href(file), signal)).arrayBuffer() },
  };
}

async function fetched(name: string, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(name, { ...(signal ? { signal } : {}), credentials: 'same-origin' }).catch(() => {
    throw new Error('`casare run-view` has ended. Start it again.');
  });
  if (!response.ok) throw new Error((await response.text()).slice(0, 500));
  return response;
}

function recordedOf(run: RunRecord, { id }: EvidenceFile) {
  return run.artifacts.find((artifact) => artifact.id === id);
}

/** A name of the record as an address beside the page: no part of it may be taken for anything else. */
function addressOf(file: string): string {
  return `./${file.split('/').map(encodeURIComponent).join('/')}`;
}
