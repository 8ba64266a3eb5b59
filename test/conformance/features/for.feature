Feature: For Task
  What the kit leaves out of loops.

  Scenario: While a condition holds
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: for-while, version: '1.0.0' }
      do:
        - loop:
            for: { in: '[1, 2, 3, 4]', at: i }
            while: '. == null or .sum < 3'
            do:
              - add: { set: { sum: '${ (.sum // 0) + $item }', last: '${ $i }' } }
      """
    And given the workflow input is:
      """yaml
      null
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      { sum: 3, last: 1 }
      """

  Scenario: Over nothing, the input goes on
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: for-nothing, version: '1.0.0' }
      do:
        - loop: { for: { in: '[]' }, do: [ { never: { set: { x: 1 } } } ] }
      """
    And given the workflow input is:
      """yaml
      a: 1
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      a: 1
      """
    And never should not run

  Scenario: Over what is no list is an expression error
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: for-text, version: '1.0.0' }
      do:
        - loop: { for: { in: '"abc"' }, do: [ { never: { set: { x: 1 } } } ] }
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      type: https://open-workflow-specification.org/spec/1.0.0/errors/expression
      status: 400
      """
