import SyncModel
import Testing

@testable import SyncService

/// What a person is told of a refusal.
struct RefusalWordsTests {
    @Test(arguments: [
        (
            Refusal(reason: .nameTaken, code: 68, message: ""),
            " (result code 68): another entry has this name: rename or delete one of them",
            "result code 68; another entry has this name: rename or delete one of them"
        ),
        (
            Refusal(reason: .invalid, code: 19, message: "too long"),
            " (result code 19): too long; correct the value at its source",
            "too long (result code 19); correct the value at its source"
        ),
        (Refusal(reason: .notAllowed, code: 0, message: "not asked"), ": not asked", "not asked"),
        (Refusal(reason: .other, code: 80, message: ""), " (result code 80)", "result code 80"),
    ])
    func serversWithoutWordsLeaveNoGap(_ refusal: Refusal, _ explanation: String, _ words: String) {
        #expect(refusal.explanation == explanation)
        #expect(refusal.words == words)
    }
}
