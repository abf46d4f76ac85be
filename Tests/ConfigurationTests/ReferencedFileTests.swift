import Configuration
import Foundation
import SyncModel
import Testing

@Suite struct ReferencedFileTests {
    @Test(
        "A password file that cannot serve is refused",
        arguments: [
            ("p\n", 0o640, "others than its owner may use", "chmod 600"),
            ("p\n", 0o604, "(mode 604)", "chmod 600"),
            ("", 0o600, "is empty", "on one line"),
            ("\n", 0o600, "is empty", "on one line"),
            ("a\nb\n", 0o600, "more than one line", "nothing but the password"),
        ]
    )
    func unfitPassword(_ text: String, _ mode: Int, _ message: String, _ remedy: String) throws {
        let workspace = try Workspace()
        try workspace.write("ad.password", text, mode: mode)
        let errors = try workspace.errors(Workspace.sound)
        #expect(errors.map { $0.position?.description } == ["5:47"])
        #expect(errors.first?.message.contains(message) == true)
        #expect(errors.first?.remedy.contains(remedy) == true)
    }

    @Test func aMissingPasswordFileIsReportedWithoutWhatMayBeThePasswordItself() throws {
        let errors = try Workspace().errors(Workspace.edited("ad.password", "hunter2"))
        #expect(errors.map { $0.position?.description } == ["5:47"])
        #expect(errors.first?.description.contains("hunter2") == false)
        #expect(errors.first?.message.contains("No such file") == true)
    }

    @Test func aDirectoryIsNoPasswordFile() throws {
        let workspace = try Workspace()
        let errors = try workspace.errors(Workspace.edited("ad.password", workspace.path))
        #expect(errors.first?.message.contains("it is not a regular file") == true)
    }

    @Test func thePasswordIsTheLineWithoutItsEnd() throws {
        let workspace = try Workspace()
        try workspace.write("ad.password", " pass: wörd \r\n")
        let configuration = try workspace.load(Workspace.sound)
        #expect(configuration.ad.password.octets == Octets(" pass: wörd "))
        #expect(configuration.miniorange.password.octets == "zebra-42")
    }

    @Test func noDescriptionShowsAPassword() throws {
        let configuration = try Workspace().load(Workspace.sound)
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in [dumped, "\(configuration)", String(reflecting: configuration.ad.password)] {
            #expect(!text.contains("zebra-42"))
            #expect(!text.contains("\(Array("zebra-42".utf8))"))
        }
        #expect("\(configuration.ad.password)" == "<secret>")
    }

    @Test func credentialsOfSystemdAreFoundWhateverTheirMode() throws {
        let workspace = try Workspace()
        let credentials = try Workspace()
        try credentials.write("directory", "given", mode: 0o440)
        let text = try Workspace.edited("ad.password", "\"${CREDENTIALS_DIRECTORY}/directory\"")
        let configuration = try workspace.load(text, credentialsDirectory: credentials.path)
        #expect(configuration.ad.password.octets == "given")

        let errors = try workspace.errors(text)
        #expect(errors.map { $0.position?.description } == ["5:47"])
        #expect(errors.first?.message.contains("CREDENTIALS_DIRECTORY is not set") == true)
    }

    @Test func noOtherVariableIsReplaced() throws {
        let errors = try Workspace().errors(Workspace.edited("ad.password", "\"${HOME}/password\""))
        #expect(errors.first?.message.contains("only `${CREDENTIALS_DIRECTORY}` is replaced") == true)
    }

    @Test func certificatesInDERAreToBeConverted() throws {
        let workspace = try Workspace()
        try workspace.write("der", Data([0x30, 0x82, 0xFF]))
        let errors = try workspace.errors(Workspace.edited("{caFile: ca.pem}\nmini", "{caFile: der}\nmini"))
        #expect(errors.map { $0.position?.description } == ["6:17"])
        #expect(errors.first?.message.contains("no certificate in PEM") == true)
        #expect(errors.first?.remedy.contains("openssl x509 -inform der") == true)
    }

    @Test func aFileWithoutCertificatesIsRefused() throws {
        let workspace = try Workspace()
        try workspace.write("key", "-----BEGIN PRIVATE KEY-----\n")
        let errors = try workspace.errors(Workspace.edited("{caFile: ca.pem}\nmini", "{caFile: key}\nmini"))
        #expect(errors.first?.remedy.contains("-----BEGIN CERTIFICATE-----") == true)
    }

    @Test func aConfigurationThatIsNotUTF8HasTheLine() throws {
        let workspace = try Workspace()
        let file = try workspace.write("latin1.yaml", Data("version: 1\n# ".utf8) + Data([0xE4, 0x0A]))
        let error = #expect(throws: ConfigurationErrors.self) {
            _ = try Configuration.load(path: file, credentialsDirectory: nil)
        }
        #expect(error?.errors.map { $0.position?.description } == ["2:1"])
    }
}
