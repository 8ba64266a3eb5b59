/**
 * A connection to an X server. Requests become promises; none of them outlives the connection or `ANSWER_MS`. Errors of
 * requests that nobody waits for (a window that has just gone) are dropped: whoever needs to know reads back.
 */
import x11 from 'x11';
import { DesktopError } from '../desktop-error.ts';

/** A server that does not answer this long has hung. Milliseconds. */
const ANSWER_MS = 10_000;
/** Longest property that is read, in words of four bytes. */
const PROPERTY_WORDS = 65_536;
/** Names up to this number are the same on every server (X11 protocol, appendix B). */
const LAST_PREDEFINED_ATOM = 68;

/** How to get at a display. */
export interface DisplayAddress {
  /** Such as `:1`. */
  readonly display: string;
  /** The MIT-MAGIC-COOKIE-1 to show; without, what the account's Xauthority file holds. */
  readonly cookie?: Buffer;
}

export type ServerEvent = x11.ServerEvent;

export class XConnection {
  readonly client: x11.Client;
  readonly root: number;
  /** Pixels. */
  readonly size: { readonly width: number; readonly height: number };
  readonly keycodes: { readonly first: number; readonly last: number };
  readonly #gone = Promise.withResolvers<never>();
  readonly #atoms = new Map<string, Promise<number>>();

  private constructor(client: x11.Client, display: x11.Display, screen: x11.Screen) {
    // All clients of the library share the numbers of one server: each gets its own.
    client.atoms = Object.fromEntries(Object.entries(client.atoms).filter(([, atom]) => atom <= LAST_PREDEFINED_ATOM));
    this.client = client;
    this.root = screen.root;
    this.size = { width: screen.pixel_width, height: screen.pixel_height };
    this.keycodes = { first: display.min_keycode, last: display.max_keycode };
    this.#gone.promise.catch(() => undefined);
    const gone = (): void => this.#gone.reject(new DesktopError('DESKTOP_GONE', 'The display has ended'));
    client.on('end', gone);
    client.on('error', (error: unknown) => {
      // A request that failed carries the number of its error; anything else is the connection's own end.
      if (!(error instanceof Error && 'error' in error)) gone();
    });
  }

  /** @throws DesktopError DESKTOP_NO_DISPLAY */
  static async open(address: DisplayAddress): Promise<XConnection> {
    const { display: name, cookie } = address;
    const auth = cookie === undefined ? {} : { auth: { name: 'MIT-MAGIC-COOKIE-1', data: cookie.toString('latin1') } };
    const opened = Promise.withResolvers<XConnection>();
    const refused = (why: string): void =>
      opened.reject(new DesktopError('DESKTOP_NO_DISPLAY', `The display ${name} cannot be used: ${why}`));
    const timer = setTimeout(() => refused('it does not answer'), ANSWER_MS);
    const client = x11.createClient({ display: name, shm: false, ...auth }, (error, display) => {
      const screen = error ? undefined : display.screen[0];
      if (screen === undefined) refused(error?.message ?? 'it has no screen');
      else opened.resolve(new XConnection(client, display, screen));
    });
    client.on('error', (error: unknown) => refused(error instanceof Error ? error.message : String(error)));
    try {
      return await opened.promise;
    } catch (error) {
      try {
        client.terminate();
      } catch {
        // It was never connected.
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Makes a request that is answered. */
  async ask<T>(request: (client: x11.Client, done: (error: Error | null | undefined, answer: T) => boolean) => void) {
    const answered = Promise.withResolvers<T>();
    const timer = setTimeout(
      () => answered.reject(new DesktopError('DESKTOP_GONE', `The display has not answered for ${ANSWER_MS} ms`)),
      ANSWER_MS,
    );
    try {
      request(this.client, (error, answer) => {
        if (error) answered.reject(error);
        else answered.resolve(answer);
        return true;
      });
      return await Promise.race([answered.promise, this.#gone.promise]);
    } finally {
      clearTimeout(timer);
      answered.promise.catch(() => undefined);
    }
  }

  /** The same, `null` where the server refuses: the window has gone. */
  async look<T>(
    request: (client: x11.Client, done: (error: Error | null | undefined, answer: T) => boolean) => void,
  ): Promise<T | null> {
    try {
      return await this.ask(request);
    } catch (error) {
      if (error instanceof DesktopError) throw error;
      return null;
    }
  }

  /** Resolves when the server has carried out everything that was asked of it. */
  async settled(): Promise<void> {
    // A round trip: answers come in the order of the requests.
    await this.ask((client, done) => client.QueryPointer(this.root, done));
  }

  /** The number of a name. */
  atom(name: string): Promise<number> {
    const known = this.#atoms.get(name);
    if (known !== undefined) return known;
    const asked = this.ask<number>((client, done) => client.InternAtom(false, name, done));
    this.#atoms.set(name, asked);
    return asked;
  }

  /** A property of a window, `null` where it has none. */
  async property(window: number, name: string): Promise<x11.Property | null> {
    const atom = await this.atom(name);
    const found = await this.look<x11.Property>((client, done) =>
      client.GetProperty(0, window, atom, 0, 0, PROPERTY_WORDS, done),
    );
    return found === null || found.type === 0 ? null : found;
  }

  /** The numbers of a property of 32-bit words: windows, atoms, cardinals. */
  async numbers(window: number, name: string): Promise<number[]> {
    const found = await this.property(window, name);
    if (found?.format !== 32) return [];
    return Array.from({ length: Math.floor(found.data.length / 4) }, (_, index) => found.data.readUInt32LE(index * 4));
  }

  on(listener: (event: ServerEvent) => void): () => void {
    this.client.on('event', listener);
    return () => this.client.off('event', listener);
  }

  /** Rejects when the connection has ended. */
  get gone(): Promise<never> {
    return this.#gone.promise;
  }

  close(): void {
    this.#gone.reject(new DesktopError('DESKTOP_GONE', 'The display is closed'));
    this.client.terminate();
  }
}
