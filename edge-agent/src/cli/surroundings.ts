/** The process around a command line. */

/** What the program needs of its process. */
export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  readonly print: (text: string) => void;
  readonly complain: (text: string) => void;
  /** Standard input to its end, or so many bytes of it. */
  readonly input: (bytes: number) => Promise<string>;
  /** Resolves when the process is told to stop, or its parent is gone. */
  readonly stopped: () => Promise<void>;
  /** From now on the end of standard input is a stop: for services of Windows, where nobody sends signals. */
  readonly stopOnInputEnd?: () => void;
  /** Whether what is printed goes to a terminal, and one that shows colours. */
  readonly terminal: { readonly live: boolean; readonly colour: boolean };
  /** Asks the person at the terminal; null when they close it. Absent where there is none. */
  readonly ask?: (question: string) => Promise<string | null>;
}
