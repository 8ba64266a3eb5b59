/** Features as Cucumber's own parser reads them: outlines and backgrounds are unfolded. */
import { AstBuilder, compile, GherkinClassicTokenMatcher, Parser } from '@cucumber/gherkin';
import { IdGenerator } from '@cucumber/messages';

/** A step: its text, and the text that stands below it between triple quotes. */
export interface GherkinStep {
  readonly text: string;
  readonly docString: string | null;
}

export interface Scenario {
  readonly name: string;
  readonly steps: readonly GherkinStep[];
}

/** The scenarios of a feature file, in its order. */
export function readFeature(text: string, file: string): Scenario[] {
  const newId = IdGenerator.incrementing();
  const parser = new Parser(new AstBuilder(newId), new GherkinClassicTokenMatcher());
  const pickles = compile(parser.parse(text), file, newId);
  return pickles.map(({ name, steps }) => ({
    name,
    steps: steps.map((step) => ({ text: step.text, docString: step.argument?.docString?.content ?? null })),
  }));
}
