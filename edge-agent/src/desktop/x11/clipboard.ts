/**
 * The clipboard (ICCCM, section 2): what is written is handed out by us for as long as the display lives and nobody
 * else copies something; what is read comes from whoever owns it, in pieces where it is long.
 */
import type { ClipboardDriver } from '../desktop-driver.ts';
import { DesktopError } from '../desktop-error.ts';
import type { ServerEvent, XConnection } from './connection.ts';

/** How long an owner may take for each piece, milliseconds. */
const ANSWER_MS = 3_000;
/** Bytes of text that are read or written. */
const MAX_BYTES = 4_194_304;
/** A property takes as much in one request; what is longer goes in pieces. */
const PIECE_BYTES = 131_072;
const WORDS = PIECE_BYTES;
const PROPERTY_CHANGE = 0x0040_0000;
const INPUT_ONLY = 2;

export class XClipboard implements ClipboardDriver {
  readonly #connection: XConnection;
  readonly #window: number;
  #content: Buffer | null = null;
  /** Hand-outs in pieces that are under way: what is left, by requestor and property. */
  readonly #handing = new Map<string, { rest: Buffer; type: number }>();

  private constructor(connection: XConnection, window: number) {
    this.#connection = connection;
    this.#window = window;
    connection.on((event) => void this.#serve(event).catch(() => undefined));
  }

  static open(connection: XConnection): XClipboard {
    const { client, root } = connection;
    const window = client.AllocID();
    client.CreateWindow(window, root, -10, -10, 1, 1, 0, 0, INPUT_ONLY, 0, { eventMask: PROPERTY_CHANGE });
    return new XClipboard(connection, window);
  }

  async write(text: string): Promise<void> {
    const content = Buffer.from(text, 'utf8');
    if (content.length > MAX_BYTES) throw unreadable(`a text of more than ${MAX_BYTES} bytes does not fit into it`);
    this.#content = content;
    const selection = await this.#connection.atom('CLIPBOARD');
    this.#connection.client.SetSelectionOwner(this.#window, selection, 0);
    const owner = await this.#connection.ask<number>((client, done) => client.GetSelectionOwner(selection, done));
    if (owner !== this.#window) throw unreadable('another program keeps it');
  }

  async read(): Promise<string> {
    const [selection, utf8, property, incremental] = await Promise.all(
      ['CLIPBOARD', 'UTF8_STRING', 'CASARE_CLIPBOARD', 'INCR'].map((name) => this.#connection.atom(name)),
    );
    const { client } = this.#connection;
    const owner = await this.#connection.ask<number>((asked, done) => asked.GetSelectionOwner(selection!, done));
    if (owner === 0) return '';
    if (owner === this.#window) return this.#content?.toString('utf8') ?? '';
    const answer = this.#next((event) => event.name === 'SelectionNotify' && event.selection === selection);
    client.ConvertSelection(this.#window, selection!, utf8!, property!, 0);
    if ((await answer).property === 0) throw unreadable('it holds no text');
    // The first piece of a long text is announced before the property is taken away.
    const pieces = this.#pieces(property!);
    const first = await this.#take(property!);
    if (first.type !== incremental) {
      pieces.stop();
      return first.data.toString('utf8');
    }
    return (await pieces.all()).toString('utf8');
  }

  /** Text that comes in pieces: each time the property is set again, until it is empty. */
  #pieces(property: number): { all: () => Promise<Buffer>; stop: () => void } {
    let arrived = 0;
    let wake: () => void = () => undefined;
    const stop = this.#connection.on((event) => {
      if (event.name !== 'PropertyNotify' || event.wid !== this.#window || event.atom !== property) return;
      if (event.state !== 0) return;
      arrived += 1;
      wake();
    });
    const all = async (): Promise<Buffer> => {
      const parts: Buffer[] = [];
      let size = 0;
      try {
        for (let taken = 0; ; taken += 1) {
          if (arrived <= taken) {
            const woken = new Promise<void>((resolve) => {
              wake = resolve;
            });
            await this.#bounded(woken);
          }
          const { data } = await this.#take(property);
          if (data.length === 0) return Buffer.concat(parts);
          size += data.length;
          if (size > MAX_BYTES) throw unreadable(`it holds more than ${MAX_BYTES} bytes`);
          parts.push(data);
        }
      } finally {
        stop();
      }
    };
    return { all, stop };
  }

  /** Reads the property and takes it away, which asks for the next piece. */
  async #take(property: number): Promise<{ type: number; data: Buffer }> {
    const { type, data } = await this.#connection.ask<{ type: number; data: Buffer }>((client, done) =>
      client.GetProperty(1, this.#window, property, 0, 0, WORDS * 8, done),
    );
    return { type, data: Buffer.from(data) };
  }

  #next(wanted: (event: ServerEvent) => boolean): Promise<ServerEvent> {
    let stop = (): void => undefined;
    const found = new Promise<ServerEvent>((resolve) => {
      stop = this.#connection.on((event) => {
        if (wanted(event)) resolve(event);
      });
    });
    return this.#bounded(found).finally(() => stop());
  }

  async #bounded<T>(work: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(unreadable('the program that owns it does not answer')), ANSWER_MS);
    try {
      return await Promise.race([work, late.promise, this.#connection.gone]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #serve(event: ServerEvent): Promise<void> {
    if (event.name === 'SelectionClear' && event.owner === this.#window) this.#content = null;
    if (event.name === 'SelectionRequest' && event.owner === this.#window) await this.#handOut(event);
    if (event.name === 'PropertyNotify' && event.state === 1) await this.#handOutMore(event);
  }

  /** ICCCM 2.2: writes what was asked for to the requestor's property and says so, or says no. */
  async #handOut({ requestor = 0, selection = 0, target = 0, property = 0, time = 0 }: ServerEvent): Promise<void> {
    const { client } = this.#connection;
    const [targets, utf8, plain, named, incremental] = await Promise.all(
      ['TARGETS', 'UTF8_STRING', 'STRING', 'text/plain;charset=utf-8', 'INCR'].map((name) =>
        this.#connection.atom(name),
      ),
    );
    const to = property === 0 ? target : property;
    let isServed = true;
    if (target === targets) {
      client.ChangeProperty(0, requestor, to, await this.#connection.atom('ATOM'), 32, [
        targets,
        utf8!,
        plain!,
        named!,
      ]);
    } else if (this.#content !== null && [utf8, plain, named].includes(target)) {
      if (this.#content.length <= PIECE_BYTES) client.ChangeProperty(0, requestor, to, target, 8, this.#content);
      else {
        client.ChangeWindowAttributes(requestor, { eventMask: PROPERTY_CHANGE });
        this.#handing.set(`${requestor} ${to}`, { rest: this.#content, type: target });
        client.ChangeProperty(0, requestor, to, incremental!, 32, [this.#content.length]);
      }
    } else isServed = false;
    client.SendEvent(requestor, 0, 0, {
      ...{ name: 'SelectionNotify', time, requestor, selection, target },
      property: isServed ? to : 0,
    });
  }

  async #handOutMore({ wid = 0, atom = 0 }: ServerEvent): Promise<void> {
    const key = `${wid} ${atom}`;
    const handing = this.#handing.get(key);
    if (handing === undefined) return;
    const piece = handing.rest.subarray(0, PIECE_BYTES);
    handing.rest = handing.rest.subarray(PIECE_BYTES);
    // An empty piece ends it.
    if (piece.length === 0) this.#handing.delete(key);
    this.#connection.client.ChangeProperty(0, wid, atom, handing.type, 8, piece);
  }
}

function unreadable(why: string): DesktopError {
  return new DesktopError('CLIPBOARD_UNREADABLE', `The clipboard cannot be used: ${why}`);
}
