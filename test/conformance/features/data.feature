Feature: Data Flow
  What the kit leaves out of how data goes through a workflow: exports, schemas, input of the workflow.

  Scenario: An export is the context of what follows
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: export, version: '1.0.0' }
      do:
        - count: { set: { n: 1 }, export: { as: '{ seen: [ .n ] }' } }
        - more: { set: { n: 2 }, export: { as: '$context + { seen: ($context.seen + [ .n ]) }' } }
        - tell: { set: { all: '${ $context.seen }', before: '${ .n }' } }
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      { all: [1, 2], before: 2 }
      """

  Scenario: An export sees the transformed output, and input and output by name
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: export-output, version: '1.0.0' }
      do:
        - one:
            input: { from: .a }
            set: { doubled: '${ . * 2 }' }
            output: { as: .doubled }
            export: { as: '{ output: ., same: $output, input: $input }' }
        - tell: { set: '${ $context }' }
      """
    And given the workflow input is:
      """yaml
      a: 21
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      { output: 42, same: 42, input: 21 }
      """

  Scenario: The context is the input of the workflow before anything is exported
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: first-context, version: '1.0.0' }
      input: { from: .order }
      do:
        - tell: { set: { id: '${ $context.id }' } }
      """
    And given the workflow input is:
      """yaml
      order: { id: 7 }
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      id: 7
      """

  Scenario: An output of the workflow is made of the last task's, with the context
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: workflow-output, version: '1.0.0' }
      do:
        - keep: { set: { a: 1 }, export: { as: . } }
        - last: { set: { b: 2 } }
      output: { as: '{ last: ., kept: $context }' }
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      { last: { b: 2 }, kept: { a: 1 } }
      """

  Scenario: Input of the workflow that does not match its schema
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: input-schema, version: '1.0.0' }
      input: { schema: { document: { type: object, required: [n], properties: { n: { type: integer } } } } }
      do:
        - tell: { set: { x: 1 } }
      """
    And given the workflow input is:
      """yaml
      n: seven
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      type: https://open-workflow-specification.org/spec/1.0.0/errors/validation
      status: 400
      """
    And tell should not run

  Scenario: Input of a task that does not match its schema
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: task-input-schema, version: '1.0.0' }
      do:
        - tell: { input: { schema: { document: { type: object, required: [n], properties: { n: { type: integer } } } } }, set: { x: 1 } }
      """
    And given the workflow input is:
      """yaml
      n: seven
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      type: https://open-workflow-specification.org/spec/1.0.0/errors/validation
      status: 400
      instance: /do/0/tell
      """

  Scenario: Output of a task that does not match its schema
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: output-schema, version: '1.0.0' }
      do:
        - tell: { set: { n: one }, output: { schema: { document: { type: object, required: [n], properties: { n: { type: integer } } } } } }
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      type: https://open-workflow-specification.org/spec/1.0.0/errors/validation
      status: 400
      instance: /do/0/tell
      """

  Scenario: An export that does not match its schema
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: export-schema, version: '1.0.0' }
      do:
        - tell: { set: { n: 1 }, export: { as: '{ n: "x" }', schema: { document: { type: object, required: [n], properties: { n: { type: integer } } } } } }
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      type: https://open-workflow-specification.org/spec/1.0.0/errors/validation
      status: 400
      instance: /do/0/tell
      """

  Scenario: Output of the workflow that does not match its schema
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: workflow-output-schema, version: '1.0.0' }
      do:
        - tell: { set: { n: x } }
      output: { schema: { document: { type: object, required: [n], properties: { n: { type: integer } } } } }
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      type: https://open-workflow-specification.org/spec/1.0.0/errors/validation
      status: 400
      """

  Scenario: Data that matches every schema
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: schemas-match, version: '1.0.0' }
      input: { schema: { document: { type: object, required: [n], properties: { n: { type: integer } } } } }
      do:
        - tell: { input: { schema: { document: { type: object, required: [n], properties: { n: { type: integer } } } } }, set: { n: '${ .n + 1 }' }, output: { schema: { document: { type: object, required: [n], properties: { n: { type: integer } } } } }, export: { as: ., schema: { document: { type: object, required: [n], properties: { n: { type: integer } } } } } }
      output: { schema: { document: { type: object, required: [n], properties: { n: { type: integer } } } } }
      """
    And given the workflow input is:
      """yaml
      n: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      n: 2
      """

  Scenario: A task whose condition does not hold gives its input on
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: if, version: '1.0.0' }
      do:
        - skipped: { if: .n > 1, set: { n: 9 } }
        - done: { if: .n == 1, set: { n: '${ .n + 1 }' } }
      """
    And given the workflow input is:
      """yaml
      n: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      n: 2
      """
    And skipped should not run
