Feature: Run Task
  A workflow runs another saved one, of an exact version, as a part of its run.

  Scenario: Its input is what the task says, its output the output of the task
    Given the saved workflow:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: inner, version: '1.0.0' }
      input: { schema: { document: { type: object, required: [n] } } }
      do:
        - double: { set: { n: '${ .n * 2 }', context: '${ $context }' } }
      """
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: outer, version: '1.0.0' }
      do:
        - keep: { set: { secret: 1 }, export: { as: . } }
        - inner: { run: { workflow: { namespace: features, name: inner, version: 1.0.0, input: { n: '${ 20 + 1 }' } } }, output: { as: '{ n: .n, context: .context }' } }
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      { n: 42, context: { n: 21 } }
      """

  Scenario: Its error is the error of the task
    Given the saved workflow:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: inner, version: '1.0.0' }
      input: { schema: { document: { type: object, required: [n] } } }
      do:
        - double: { set: { n: '${ .n * 2 }', context: '${ $context }' } }
      """
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: outer-fails, version: '1.0.0' }
      do:
        - tried:
            try: [ { inner: { run: { workflow: { namespace: features, name: inner, version: 1.0.0, input: {} } } } } ]
            catch: { as: e, do: [ { tell: { set: { status: '${ $e.status }' } } } ] }
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      status: 400
      """
