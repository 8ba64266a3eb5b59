/**
 * Questions to an element of a page, answered in one exchange with the browser. Playwright has calls that take one exchange only
 * for what it reads itself, such as a text, so a question is put as one: an engine of ours, which a selector ends with, finds a
 * new element outside the document whose text is the answer. It runs apart from the page's own scripts.
 *
 * Invariant: an answer is JSON, and no more than that. Playwright's trace holds what it was answered as JSON again, and deeper
 * than that a secret would not be found in it to be taken out (`engine/secrets.ts`).
 */
import { selectors } from 'playwright-core';
import {
  checkedOf,
  editedOf,
  fileFieldOf,
  fileNamesOf,
  itemsOf,
  optionsOf,
  tableOf,
  valueOf,
  type PageElement,
} from './in-page.ts';

const ENGINE = 'casareask';

const QUESTIONS = {
  checked: checkedOf,
  edited: editedOf,
  fileField: fileFieldOf,
  fileNames: fileNamesOf,
  items: itemsOf,
  options: optionsOf,
  table: tableOf,
  value: valueOf,
} satisfies Readonly<Record<string, (element: PageElement, most: number) => unknown>>;

type Questions = typeof QUESTIONS;
export type QuestionName = keyof Questions;
export type AnswerTo<Name extends QuestionName> = ReturnType<Questions[Name]>;
/** What is asked along with a question: how much is wanted at most, or nothing. */
export type Along<Name extends QuestionName> =
  Parameters<Questions[Name]> extends [PageElement, ...infer Rest] ? Rest : never;

/** What an element says. */
export interface Said<Answer> {
  readonly answer: Answer;
  /** Of its document at that moment; null in a frame, where that is not the title of the page. */
  readonly title: string | null;
}

let registered: Promise<void> | undefined;

/** Makes the engine known to Playwright; before the first page of a browser is opened. */
export function registerQuestionEngine(): Promise<void> {
  // Their source is put together here: many pages forbid scripts that are made of text.
  const questions = Object.entries(QUESTIONS).map(([name, question]) => `${name}: ${question.toString()}`);
  const content = `(${questionEngine.toString()})({ ${questions.join(', ')} })`;
  return (registered ??= selectors.register(ENGINE, { content }, { contentScript: true }));
}

/** The text for `locator()` of an element: what that finds has a `Said` as its text, in JSON. */
export function questionSelector<Name extends QuestionName>(name: Name, along: Along<Name>): string {
  return `${ENGINE}=${[name, ...along].join(' ')}`;
}

interface EngineElement extends PageElement {
  readonly ownerDocument: EngineDocument;
}
interface EngineDocument {
  readonly title: string;
  readonly defaultView: { readonly parent: unknown } | null;
  createElement(name: string): AnswerElement;
}
interface AnswerElement {
  textContent: string;
  append(child: AnswerElement): void;
}

/** Runs in the page: uses nothing from outside itself but what it is given. */
function questionEngine(questions: Readonly<Record<string, (element: PageElement, most: number) => unknown>>): {
  query: (root: EngineElement, text: string) => AnswerElement;
  queryAll: (root: EngineElement, text: string) => AnswerElement[];
} {
  const query = (root: EngineElement, text: string): AnswerElement => {
    const [name = '', most] = text.split(' ');
    const { ownerDocument } = root;
    const { defaultView } = ownerDocument;
    const said = {
      answer: questions[name]!(root, Number(most)),
      title: defaultView !== null && defaultView.parent === defaultView ? ownerDocument.title : null,
    };
    // In an element of its own: Playwright's log of a call shows the text of an element that holds nothing else.
    const answer = ownerDocument.createElement('output');
    const inside = ownerDocument.createElement('output');
    inside.textContent = JSON.stringify(said);
    answer.append(inside);
    return answer;
  };
  return { query, queryAll: (root, text) => [query(root, text)] };
}
