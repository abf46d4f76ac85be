import SyncModel
import Testing

struct RandomPasswordTests {
    /// Repeats what it is made of.
    struct Dice: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state
        }
    }

    @Test(arguments: [(0, 32), (7, 32), (33, 33), (60, 60), (127, 127), (200, 127)])
    func `A password is as long as the server wants it, and never short`(_ minimum: Int, _ length: Int) {
        var dice = Dice(state: 1)
        #expect(RandomPassword.make(minimumLength: minimum, using: &dice).count == length)
    }

    @Test func `Every password has characters of four classes`() {
        var dice = Dice(state: 2)
        var seen: Set<[UInt8]> = []
        for _ in 0..<500 {
            let password = RandomPassword.make(using: &dice)
            let text = String(decoding: password, as: UTF8.self)
            #expect(text.contains(where: \.isUppercase) && text.contains(where: \.isLowercase))
            #expect(text.contains(where: \.isNumber) && text.contains { !$0.isLetter && !$0.isNumber })
            #expect(password.allSatisfy { 0x21...0x7E ~= $0 } && !text.contains("\""))
            seen.insert(password)
        }
        #expect(seen.count == 500)
    }

    /// [MS-SAMR] 3.1.1.7.2: sAMAccountName as a whole, and the parts of the full name.
    @Test func `No password holds a name of the account, or a part of one`() {
        var dice = Dice(state: 3)
        var withName = 0
        for _ in 0..<20_000 {
            var same = dice
            withName +=
                String(decoding: RandomPassword.make(using: &same), as: UTF8.self).lowercased().contains("ann") ? 1 : 0
            let password = RandomPassword.make(avoiding: ["x", "Jo Ann-Lee"], using: &dice)
            #expect(!String(decoding: password, as: UTF8.self).lowercased().contains("ann"))
        }
        // Else the test would show nothing.
        #expect(withName > 0)
    }
}
