import Cryptography
import SyncModel
import Synchronization

@testable import Gateway

/// Two directories in memory that count what they are asked.
final class FakeDirectories: AccountDirectories {
    enum Question: Hashable, Sendable {
        case check(Side)
        case change(Side)
        case reset(Side)
        case objection(Side)
    }

    struct State {
        var passwords = PerSide(ad: "secret", miniorange: "secret")
        var asked: [Question] = []
        /// What a side answers instead of doing it.
        var answers: [Question: DirectoryAnswer] = [:]
        var people: [String: Account] = [:]
        var isUnavailable = false
    }

    let state = Mutex(State())

    init(_ people: [String: Account]) {
        state.withLock { $0.people = people }
    }

    var passwords: PerSide<String> { state.withLock { $0.passwords } }
    func asked(_ question: Question) -> Int { state.withLock { $0.asked.count { $0 == question } } }
    func answer(_ question: Question, with answer: DirectoryAnswer?) {
        state.withLock { $0.answers[question] = answer }
    }

    func find(_ name: String) async throws(DirectoryUnavailable) -> Account? {
        if state.withLock({ $0.isUnavailable }) { throw DirectoryUnavailable(reason: "down") }
        return state.withLock { $0.people[name] }
    }

    private func text(_ password: Password) -> String {
        password.octets.withOctets { String(decoding: $0, as: UTF8.self) }
    }

    private func ask(_ question: Question, _ body: (inout State) -> DirectoryAnswer) -> DirectoryAnswer {
        state.withLock { state in
            state.asked.append(question)
            return state.answers[question] ?? body(&state)
        }
    }

    func check(_ side: Side, _ account: Account, _ password: Password) async -> DirectoryAnswer {
        let text = text(password)
        return ask(.check(side)) { $0.passwords[side] == text ? .done : .wrongPassword }
    }

    func change(_ side: Side, _ account: Account, from former: Password, to password: Password) async -> DirectoryAnswer
    {
        let (former, text) = (text(former), text(password))
        return ask(.change(side)) { state in
            guard state.passwords[side] == former else { return .wrongPassword }
            state.passwords[side] = text
            return .done
        }
    }

    func reset(_ side: Side, _ account: Account, to password: Password) async -> DirectoryAnswer {
        let text = text(password)
        return ask(.reset(side)) { state in
            state.passwords[side] = text
            return .done
        }
    }

    func objection(_ side: Side, _ account: Account, to password: Password) async -> DirectoryAnswer {
        ask(.objection(side)) { _ in .done }
    }
}
