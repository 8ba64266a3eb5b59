Feature: Wait Task
  A workflow pauses for as long as its document says, and gives its input on.

  Scenario: Wait for a duration in units
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: wait-units, version: '1.0.0' }
      do:
        - pause: { wait: { minutes: 2, seconds: 30, milliseconds: 5 } }
      """
    And given the workflow input is:
      """yaml
      kept: true
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      kept: true
      """
    And the workflow should have waited for:
      """yaml
      [150005]
      """

  Scenario: Wait for a duration in ISO 8601
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: wait-iso, version: '1.0.0' }
      do:
        - pause: { wait: PT1H30S }
      """
    When the workflow is executed
    Then the workflow should complete
    And the workflow should have waited for:
      """yaml
      [3630000]
      """

  Scenario: Wait for a duration that an expression yields
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: wait-expression, version: '1.0.0' }
      do:
        - pause: { wait: '${ "PT\(.seconds)S" }' }
      """
    And given the workflow input is:
      """yaml
      seconds: 7
      """
    When the workflow is executed
    Then the workflow should complete
    And the workflow should have waited for:
      """yaml
      [7000]
      """

  Scenario: A duration that is none is a configuration error
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: wait-wrong, version: '1.0.0' }
      do:
        - pause: { wait: '${ .text }' }
      """
    And given the workflow input is:
      """yaml
      text: a while
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      type: https://open-workflow-specification.org/spec/1.0.0/errors/configuration
      status: 400
      instance: /do/0/pause
      """
