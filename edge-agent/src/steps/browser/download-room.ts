/**
 * Where what a browser downloads lies until a step has stored it. All of it together is bounded, what nobody asked for as well: a
 * page can start downloads as it likes, and the disk is everybody's.
 *
 * Invariant: while the browser writes, the folder is looked at every `LOOK_MS`; what is in it beyond the bounds is thrown away,
 * all of it, and never becomes a file of the run.
 */
import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, Download } from 'playwright-core';
import { StepFailure, type StepContext } from '../../engine/index.ts';
import { diskFull } from '../run-files.ts';

/** What may lie in the folder: as long as the file of an answer by HTTP. */
const MAX_BYTES = 1_073_741_824;
const MAX_DOWNLOADS = 1_000;
const LOOK_MS = 200;
/** What may be written between two looks; with less than that on the disk it is as good as full. */
const SPARE_BYTES = 67_108_864;

/** How a room is made. */
interface RoomOptions {
  /** Where the browser puts its downloads. */
  readonly folder: string;
  readonly maxBytes?: number | undefined;
  /** Told when something was thrown away. */
  readonly tell: (notice: string) => void;
}

export class DownloadRoom {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #tell: (notice: string) => void;
  /** What lies there and what is on its way. */
  readonly #there = new Set<Download>();
  readonly #thrownAway = new WeakSet<Download>();
  #underWay = 0;
  /** That were seen there at once since it was empty last. */
  #mostBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(context: BrowserContext, { folder, maxBytes = MAX_BYTES, tell }: RoomOptions) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#tell = tell;
    context.on('download', (download) => this.#receive(download));
    context.on('close', () => clearTimeout(this.#timer));
  }

  /**
   * Resolves when the download is complete; until then it ends with `signal`.
   * @throws StepFailure DOWNLOAD_BROKEN (502), DOWNLOAD_TOO_LARGE (413), DISK_FULL (507)
   */
  async complete(download: Download, context: StepContext, signal: AbortSignal): Promise<void> {
    const cancel = (): void => void download.cancel().catch(() => {});
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const broken = await download.failure();
      await this.#keepBounds();
      if (this.#thrownAway.has(download)) throw tooLarge(download, this.#bounds);
      if (broken === null) return;
      throw (await this.#hasRoom()) ? interrupted(download, broken) : diskFull(context);
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  /** It is stored, or nobody wants it. */
  async remove(download: Download): Promise<void> {
    this.#there.delete(download);
    await download.delete().catch(() => {});
  }

  #receive(download: Download): void {
    if (this.#there.size === 0) this.#mostBytes = 0;
    this.#there.add(download);
    this.#underWay += 1;
    if (this.#timer === undefined) this.#look();
    void download
      .failure()
      .catch(() => null)
      .finally(() => {
        this.#underWay -= 1;
      });
  }

  /** Looks until nothing is written any more, and once more then. */
  #look(): void {
    this.#timer = setTimeout(() => {
      const wasOver = this.#underWay === 0;
      void this.#keepBounds().then(() => {
        if (wasOver && this.#underWay === 0) this.#timer = undefined;
        else this.#look();
      });
    }, LOOK_MS);
    this.#timer.unref();
  }

  async #keepBounds(): Promise<void> {
    if (await this.#isFull()) await this.#throwAway();
  }

  async #isFull(): Promise<boolean> {
    if (this.#there.size > MAX_DOWNLOADS) return true;
    const bytes = await bytesIn(this.#folder);
    this.#mostBytes = Math.max(this.#mostBytes, bytes);
    return bytes > this.#maxBytes;
  }

  /**
   * The browser does not say why it gave a download up, and has removed what it had of it: true when a full disk cannot have been
   * the reason.
   */
  async #hasRoom(): Promise<boolean> {
    const { bavail, bsize } = await statfs(this.#folder);
    return bavail * bsize > this.#mostBytes + SPARE_BYTES;
  }

  /** Resolves when it is gone, so that it is not counted again. */
  async #throwAway(): Promise<void> {
    const all = [...this.#there];
    // What is being thrown away lies there still.
    if (all.length === 0) return;
    this.#there.clear();
    this.#tell(`what the page downloads was thrown away: it had more than ${this.#bounds}`);
    await Promise.allSettled(
      all.map(async (download) => {
        this.#thrownAway.add(download);
        await download.cancel();
        await download.delete();
      }),
    );
  }

  get #bounds(): string {
    return `${this.#maxBytes} bytes or ${MAX_DOWNLOADS} files together`;
  }
}

async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = names.map((name) =>
    stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

function interrupted(download: Download, reason: string): StepFailure {
  return new StepFailure({
    type: 'communication',
    status: 502,
    code: 'DOWNLOAD_BROKEN',
    title: 'The download broke off',
    detail: `${download.url().slice(0, 500)} ended before all of it was there (${reason}): the site or the network cut it. Run the step again, and look there if it comes again.`,
  });
}

function tooLarge(download: Download, bounds: string): StepFailure {
  return new StepFailure({
    type: 'runtime',
    status: 413,
    code: 'DOWNLOAD_TOO_LARGE',
    title: 'The download is too large',
    detail: `${download.url().slice(0, 500)} and what else the page downloads have more than ${bounds}: ask the site for less at a time.`,
  });
}
