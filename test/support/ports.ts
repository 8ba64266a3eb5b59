/** Free loopback ports, and a TCP relay whose cable can be pulled. */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** `count` ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listening(createServer())));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** A relay between the agent and the control plane. */
export interface Relay {
  readonly port: number;
  /** Connections that were opened through it. */
  readonly opened: number;
  /** Breaks every connection and refuses new ones until `plug`. */
  unplug(): void;
  plug(): void;
  close(): Promise<void>;
}

/** Relays loopback TCP to `target`. */
export async function startRelay(target: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  let plugged = true;
  let opened = 0;
  const server = await listening(
    createServer((near) => {
      if (!plugged) return void near.resetAndDestroy();
      opened += 1;
      const far = connect(target, '127.0.0.1');
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
      }
      // What breaks on one side breaks on the other: a target that is away is not a target that is silent.
      near.on('close', (broken) => broken && far.resetAndDestroy());
      far.on('close', (broken) => broken && near.resetAndDestroy());
      near.pipe(far).pipe(near);
    }),
  );
  return {
    port: (server.address() as AddressInfo).port,
    get opened() {
      return opened;
    },
    unplug() {
      plugged = false;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    plug() {
      plugged = true;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function listening(server: Server): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => resolve(server));
  });
}
