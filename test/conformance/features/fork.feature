Feature: Fork Task
  Branches run side by side; without a race all of them count.

  Scenario: Outputs of all branches in the order of the document
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: fork-all, version: '1.0.0' }
      do:
        - all:
            fork:
              branches:
                - slow: { do: [ { pause: { wait: PT5S } }, { one: { set: { n: 1 } } } ] }
                - quick: { set: { n: 2 } }
                - third: { do: [ { rest: { wait: PT2S } }, { three: { set: { n: 3 } } } ] }
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      [{ n: 1 }, { n: 2 }, { n: 3 }]
      """
    And one should run after three

  Scenario: One that fails fails the fork
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: fork-fails, version: '1.0.0' }
      do:
        - all:
            fork:
              branches:
                - good: { do: [ { pause: { wait: PT5S } }, { late: { set: { n: 1 } } } ] }
                - bad: { raise: { error: { type: https://features.example/bad, status: 409, title: Bad } } }
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      type: https://features.example/bad
      status: 409
      instance: /do/0/all/fork/branches/1/bad
      """
    And late should not run

  Scenario: A race is won by the first that succeeds, and the others stop
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: fork-race, version: '1.0.0' }
      do:
        - race:
            fork:
              compete: true
              branches:
                - slow: { do: [ { pause: { wait: PT5S } }, { never: { set: { won: slow } } } ] }
                - bad: { raise: { error: { type: https://features.example/bad, status: 409 } } }
                - quick: { do: [ { rest: { wait: PT1S } }, { first: { set: { won: quick } } } ] }
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      won: quick
      """
    And never should not run

  Scenario: Every branch has the input of the fork
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: fork-input, version: '1.0.0' }
      do:
        - all:
            input: { from: .order }
            fork:
              branches:
                - one: { set: { n: '${ .id }' } }
                - two: { set: { n: '${ .id * 2 }' } }
      """
    And given the workflow input is:
      """yaml
      order: { id: 4 }
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      [{ n: 4 }, { n: 8 }]
      """
