/**
 * The accessibility bus: a message bus of its own, whose address the session bus knows. Every call is bounded; a call to
 * an application that has ended, or to an element that is gone, says so.
 */
import type { EventEmitter } from 'node:events';
import { DBusError, Message, sessionBus, type MessageBus, Variant } from '@jellybrick/dbus-next';
import { DesktopError } from '../desktop-error.ts';

/** An application that does not answer this long has hung. Milliseconds. */
const ANSWER_MS = 5_000;
/** The bus and its registry are started by the first who asks. Milliseconds. */
const START_MS = 20_000;
const PROPERTIES = 'org.freedesktop.DBus.Properties';

/** An object of an application: its name on the bus and its path. */
export interface ObjectRef {
  readonly owner: string;
  readonly path: string;
}

/** How the applications' interfaces are named. */
export type AtspiInterface =
  'Accessible' | 'Action' | 'Component' | 'EditableText' | 'Selection' | 'Table' | 'TableCell' | 'Text' | 'Value';

/** The root of all applications. */
export const REGISTRY: ObjectRef = { owner: 'org.a11y.atspi.Registry', path: '/org/a11y/atspi/accessible/root' };

export class AccessibilityBus {
  readonly #bus: MessageBus;
  readonly #gone = Promise.withResolvers<never>();
  readonly #processes = new Map<string, Promise<number>>();

  private constructor(bus: MessageBus) {
    this.#bus = bus;
    this.#gone.promise.catch(() => undefined);
  }

  /** The accessibility bus of the session with this bus. @throws DesktopError DESKTOP_NOT_STARTED, DESKTOP_GONE */
  static async connect(sessionAddress: string): Promise<AccessibilityBus> {
    const session = AccessibilityBus.#open(sessionAddress);
    try {
      const message = new Message({
        ...{ destination: 'org.a11y.Bus', path: '/org/a11y/bus', interface: 'org.a11y.Bus', member: 'GetAddress' },
      });
      const [address] = await session.#send(message, START_MS);
      const bus = AccessibilityBus.#open(String(address));
      await bus.call(REGISTRY, 'Accessible', 'GetChildren', [], START_MS);
      return bus;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new DesktopError(
        'DESKTOP_NOT_STARTED',
        `The accessibility bus did not come up (${why}): install at-spi2-core`,
        { cause: error },
      );
    } finally {
      session.close();
    }
  }

  static #open(address: string): AccessibilityBus {
    const bus = sessionBus({ busAddress: address });
    const opened = new AccessibilityBus(bus);
    const gone = (): void =>
      opened.#gone.reject(new DesktopError('DESKTOP_GONE', 'The accessibility bus of the display has ended'));
    // The types name only the events of a healthy bus.
    (bus as EventEmitter).on('error', gone);
    (bus as unknown as { readonly _connection: EventEmitter })._connection.on('end', gone);
    return opened;
  }

  /** Calls a method; the answer is the list of what it returns. @throws DesktopError, NotSupported */
  async call(
    { owner, path }: ObjectRef,
    where: AtspiInterface,
    member: string,
    args: readonly Argument[] = [],
    timeoutMs = ANSWER_MS,
  ): Promise<unknown[]> {
    return this.#send(
      new Message({
        ...{ destination: owner, path, interface: `org.a11y.atspi.${where}`, member },
        signature: args.map(([type]) => type).join(''),
        body: args.map(([, value]) => value),
      }),
      timeoutMs,
    );
  }

  /** Reads a property. */
  async get(ref: ObjectRef, where: AtspiInterface, property: string): Promise<unknown> {
    const [found] = await this.#properties(ref, 'Get', 'ss', [`org.a11y.atspi.${where}`, property]);
    return found instanceof Variant ? found.value : found;
  }

  /** Reads every property of an interface. */
  async all(ref: ObjectRef, where: AtspiInterface): Promise<Readonly<Record<string, unknown>>> {
    const [found] = await this.#properties(ref, 'GetAll', 's', [`org.a11y.atspi.${where}`]);
    const entries = Object.entries((found ?? {}) as Record<string, unknown>);
    return Object.fromEntries(entries.map(([key, value]) => [key, value instanceof Variant ? value.value : value]));
  }

  /** Writes a property of a type. */
  async set(ref: ObjectRef, where: AtspiInterface, property: string, type: string, value: unknown): Promise<void> {
    await this.#properties(ref, 'Set', 'ssv', [`org.a11y.atspi.${where}`, property, new Variant(type, value)]);
  }

  /** The process of an application. */
  processOf(owner: string): Promise<number> {
    const known = this.#processes.get(owner);
    if (known !== undefined) return known;
    const asked = this.#send(
      new Message({
        ...{ destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus' },
        ...{ member: 'GetConnectionUnixProcessID', signature: 's', body: [owner] },
      }),
      ANSWER_MS,
    ).then(([pid]) => Number(pid));
    this.#processes.set(owner, asked);
    asked.catch(() => this.#processes.delete(owner));
    return asked;
  }

  /** Rejects when the bus has ended. */
  get gone(): Promise<never> {
    return this.#gone.promise;
  }

  close(): void {
    this.#gone.reject(new DesktopError('DESKTOP_GONE', 'The accessibility bus is closed'));
    this.#bus.disconnect();
  }

  #properties(ref: ObjectRef, member: string, signature: string, body: unknown[]): Promise<unknown[]> {
    const { owner: destination, path } = ref;
    return this.#send(new Message({ destination, path, interface: PROPERTIES, member, signature, body }), ANSWER_MS);
  }

  async #send(message: Message, timeoutMs: number): Promise<unknown[]> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(notAnswering(timeoutMs)), timeoutMs);
    const answer = this.#bus.call(message);
    answer.catch(() => undefined);
    try {
      return (await Promise.race([answer, late.promise, this.#gone.promise]))?.body ?? [];
    } catch (error) {
      throw error instanceof DBusError ? translated(error) : error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** An argument of a call, with its type as D-Bus writes it. */
type Argument = readonly [type: string, value: unknown];

/** An element lacks the interface, or has it and refuses. */
export class NotSupported extends Error {
  override readonly name = 'NotSupported';
}

const GONE = /UnknownObject|ServiceUnknown|NameHasNoOwner|NoReply|Disconnected/;
const LACKING = /UnknownMethod|UnknownInterface|UnknownProperty|NotSupported|InvalidArgs|PropertyReadOnly/;

function translated(error: DBusError): Error {
  // at-spi2-atk answers UnknownMethod for paths that are gone too, with a text that names the object.
  if (GONE.test(error.type) || /No such (object|path)|does not exist|Defunct/i.test(error.text)) {
    return new DesktopError('ELEMENT_GONE', 'The element, or its application, is gone', { cause: error });
  }
  if (LACKING.test(error.type)) return new NotSupported(`${error.type}: ${error.text}`);
  return new NotSupported(`${error.type}: ${error.text}`);
}

function notAnswering(timeoutMs: number): DesktopError {
  return new DesktopError(
    'APPLICATION_NOT_ANSWERING',
    `The application has not answered for ${timeoutMs / 1_000} s: it is busy or hangs`,
  );
}
