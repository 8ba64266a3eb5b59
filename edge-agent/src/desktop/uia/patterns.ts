/** Using patterns of elements: what an element, or its pattern, does not do is no failure but an answer. */
import type { Com } from './com.ts';
import { NotSupported } from './faults.ts';
import type { Held } from './held.ts';

const ELEMENT = 'IUIAutomationElement';
/** Elements of one list that a pattern gives. */
const MOST_ELEMENTS = 1_000;

export class Patterns {
  readonly com: Com;

  constructor(com: Com) {
    this.com = com;
  }

  /** False when the element lacks the pattern, or it does not do this. */
  by(held: Held, pattern: number, act: (pattern: bigint) => void): boolean {
    const done = this.read(held, pattern, (found) => {
      act(found);
      return true;
    });
    return done ?? false;
  }

  /** Uses a pattern of an element; null when it lacks it, or the pattern does not do this. */
  read<T>({ pointer }: Held, pattern: number, use: (pattern: bigint) => T): T | null {
    return pointer === null ? null : this.readOf(pointer, pattern, use);
  }

  /** The same of an element that is not held. */
  readOf<T>(element: bigint, pattern: number, use: (pattern: bigint) => T): T | null {
    try {
      return this.com.scope((own) => {
        const found = own(this.com.object(element, ELEMENT, 'GetCurrentPattern', ['int32'], pattern));
        return found === null ? null : use(found);
      });
    } catch (error) {
      if (error instanceof NotSupported) return null;
      throw error;
    }
  }

  /** The names of elements in an array of UI Automation's, which stays its owner's. */
  names(array: bigint | null): string[] {
    const { com } = this;
    if (array === null) return [];
    const length = Math.min(com.integer(array, 'IUIAutomationElementArray', 'get_Length'), MOST_ELEMENTS);
    return Array.from({ length: Math.max(length, 0) }, (_, index) =>
      com.scope((own) => {
        const element = own(com.object(array, 'IUIAutomationElementArray', 'GetElement', ['int32'], index));
        return element === null ? '' : com.text(element, ELEMENT, 'get_CurrentName');
      }),
    );
  }
}
